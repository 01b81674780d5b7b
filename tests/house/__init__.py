"""What holds of the code as a whole: no import circles, small rooms, files and functions, tests beside their rooms."""
