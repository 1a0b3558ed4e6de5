"""Who may sign in, and as what."""

from plumbline.answers.governance.access import people
from plumbline.ui import people as peoples
from plumbline.ui import shell

view = shell.view()

held = people(peoples.real_workspace())
peoples.opening(held)
peoples.register(held)
peoples.change(held)
