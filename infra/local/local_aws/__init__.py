"""A local AWS for Vedette: the template's resources, the function and its event source, on 127.0.0.1 only."""
