# SPDX-License-Identifier: LGPL-2.1-or-later
#
# awk -v a=NAME -v b=OTHER -f per.awk SAMPLE: NAME's number divided by OTHER's, of the lines
# "NAME NUMBER" that bench/sample.sh prints. Nothing when either was not counted, "none" when
# there was none of OTHER.

{ n[$1] = $2 }

END {
	if (!((a in n) && (b in n)))
		exit
	if (n[b] > 0)
		printf "%.6g\n", n[a] / n[b]
	else
		print "none"
}
