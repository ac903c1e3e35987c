"""From files to pixels: headers first (``survey``), then images of one shape (``decoder``)."""
