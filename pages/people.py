"""Who may sign in, and as what."""

from plumbline.answers.access import people
from plumbline.ui import peoples, shell

view = shell.view()

held = people(peoples.real())
peoples.opening(held)
peoples.register(held)
peoples.change(held)
