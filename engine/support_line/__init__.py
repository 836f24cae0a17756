"""The support line: answers the dialplan's questions, keeps the queue's agents in their wanted state, makes call-backs.

``line`` puts it together; ``agents`` (what to tell the queue), ``answers`` (what the queue says) and ``waiting``
(when to say what to whom) are pure; ``telephones`` knows which are connected.  Calls and call-backs are kept by
`engine.services.support_line`.
"""
