"""One file a page: a function that reads the rooms and builds what is seen."""
