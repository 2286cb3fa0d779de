# SPDX-License-Identifier: LGPL-2.1-or-later
#
# awk -v scheduler=NAME -v run=N -v part=PART -f bench/collect.awk out.log
#
# What a guest of bench/run told (bench/guest.sh), as lines "SCHEDULER|RUN|KEY|VALUE",
# "SCHEDULER|RUN|@missing|KEY WHY" and "SCHEDULER|RUN|@trouble|PART: WHY". What is no
# number is no value.

function row(key, rest)
{
	print scheduler "|" run "|" key "|" rest
}

{ sub(/\r$/, "") }
$1 == "@value" && NF == 3 && $3 ~ /^[-+]?[0-9]*[.]?[0-9]+([eE][-+]?[0-9]+)?$/ { row($2, $3); next }
$1 == "@value" { row("@missing", $2 " the guest told no number"); next }
$1 == "@missing" || $1 == "@trouble" {
	word = $1
	sub(/^@[a-z]+ */, "")
	gsub(/\|/, "/")
	row(word, word == "@trouble" ? part ": " $0 : $0)
}
