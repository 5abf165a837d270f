// A function that fails while it starts.
throw new Error("no such table");
