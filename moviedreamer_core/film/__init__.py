"""The pipeline over the store: from a script to the film, and everything that an artist may decide on the way."""
