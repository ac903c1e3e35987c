"""What a user sees of a session, or of an evaluation, while it lasts.

A live bar in a terminal, a display in a notebook, plain lines elsewhere. Texts are as Python has
them; the command line hands in a function that words them its own way.
"""
