# Every target is a word of bin/portal, which finds a Python and does the work.
.PHONY: setup run test bench lint lock clean
.DEFAULT_GOAL := setup

setup run test bench lint lock clean:
	@sh bin/portal $@
