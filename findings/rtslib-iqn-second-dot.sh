#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#
# rtslib (what targetcli is made of) refuses iSCSI names that RFC 7143 4.2.7.4 allows.
#
#   python3-rtslib-fb 2.1.75-2.1 (Debian 12)
#
# Somewhere behind the date there must be a second dot: a name whose naming authority is one label
# (iqn.2026-12.lab:disk) is "not valid as: iqn", iqn.2026-12.lab:disk.1 passes.  The dot may as well stand behind the
# colon, where the owner of the name may write what he likes.  Underscores are refused too, which many target daemons
# take; capitals are lowered.  So a target that other software serves cannot always be moved to LIO under its name.
. "$(dirname "$(readlink -f "$0")")/lib.sh"

unpack python3-rtslib-fb=2.1.75-2.1 python3-pyudev=0.24.0-1 python3-six=1.16.0-4

# name IQN: what rtslib makes of it, or how it refuses it.
name()
{
	PYTHONPATH=$dir/root/usr/lib/python3/dist-packages /usr/bin/python3 - "$1" <<-'END'
		import sys
		import rtslib_fb.utils as utils
		try:
		    print(utils.normalize_wwn(["iqn"], sys.argv[1])[0])
		except utils.RTSLibError as error:
		    print(error)
	END
}

same "one label" "$(name iqn.2026-12.lab:disk)" "WWN not valid as: iqn"
same "one label, a dot behind the colon" "$(name iqn.2026-12.lab:disk.1)" "iqn.2026-12.lab:disk.1"
same "two labels" "$(name iqn.2026-12.org.example:disk)" "iqn.2026-12.org.example:disk"
same "an underscore" "$(name iqn.2026-12.org.example:disk_1)" "WWN not valid as: iqn"
same "a capital" "$(name iqn.2026-12.org.example:Disk)" "iqn.2026-12.org.example:disk"
exit $changed
