"""What this extension adds to `metaflow` is in the module beside."""

toplevel = "names"
