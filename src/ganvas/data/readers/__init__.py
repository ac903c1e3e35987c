"""Readers: one kind of source a file.

A folder, a zip or a tar lists its files (``folder``, ``zip``, ``tar``), and ``image_files`` makes a
``Dataset`` of them. What is read as a whole becomes a ``Raw`` first (``raw``): arrays, idx files,
tensors in memory, torch's datasets, and the named sources of ``data/builtin/``.
"""
