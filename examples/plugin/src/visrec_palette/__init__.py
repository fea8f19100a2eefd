"""An example of a plug-in for visrec. Nothing is imported here: visrec imports the class that is asked for."""
