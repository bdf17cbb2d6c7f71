"""Mirror the files of the results into MLflow: one process watches them, and sends what is new.

The files are the truth. No job talks to MLflow or waits for it, so a store that is down or slow
costs no training anything, and gets what is new when it is back.
"""
