"""From image files to pixels: headers, decoding, the size and channels of a set."""
