"""The support line beside the dialling: answers the dialplan, keeps the queue's agents as they are wanted, calls back.

``line`` puts it together; ``agents`` (what to tell the queue), ``answers`` (what the queue says) and ``waiting``
(when to say what to whom) are pure.  What is owed and what happened is in `engine.services.support_line`.
"""
