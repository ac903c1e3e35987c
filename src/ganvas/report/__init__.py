"""What there is to say of runs: their evaluation, their series and figures, pages made of these.

``evaluate`` measures a run, or samples. ``model`` reads a run's series and figures as plain data;
``run_page`` and ``comparison_page`` make self-contained pages of them.
"""
