"""One event a file, all its versions. An event's type is its topic's name."""
