"""The parts of ``gpu.py``: each a file with ``measure(tell, options)``, played in its own process.

``tell(what, words, ok, **figures)`` keeps a result at once; ok is None where nothing can be wrong.
"""
