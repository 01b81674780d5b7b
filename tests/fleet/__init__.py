"""A repository of many flows, as a platform team has it."""
