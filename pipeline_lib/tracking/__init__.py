"""Mirror runs into MLflow: jobs write journals, and one sender delivers them.

The files of the workflow are the truth. No job talks to MLflow or waits for it, so a store that is
down or slow costs no training anything, and what it did not take is sent later.
"""
