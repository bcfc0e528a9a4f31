# SPDX-License-Identifier: BSD-3-Clause
# Completion of ferryctl's words in bash.
_ferryctl()
{
	local word=${COMP_WORDS[COMP_CWORD]} words=() i

	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-s | -n) ((i++)) ;;
		-*) ;;
		*) words+=("${COMP_WORDS[i]}") ;;
		esac
	done
	if [[ ${COMP_WORDS[COMP_CWORD - 1]} == -s ]]; then
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
	elif [[ ${COMP_WORDS[COMP_CWORD - 1]} == -n ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(cd /run/ferry 2>/dev/null &&
			printf '%s\n' *.sock | sed 's/\.sock$//')" -- "$word")
	elif [[ $word == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W \
			"--socket= --node= --root --json --watch --all --follow --last --help --version" -- "$word")
	else
		case "${words[*]}" in
		"") mapfile -t COMPREPLY < <(compgen -W "show events metrics weights flow session conference peer forward recode help ca \
			nodes tree conferences sessions add remove route join leave redirect kill ask alerts stats reload" -- "$word") ;;
		show) mapfile -t COMPREPLY < <(compgen -W \
			"node ports links sessions flows forwarding feeders drops underlay load management all" -- "$word") ;;
		events) mapfile -t COMPREPLY < <(compgen -W "--last --follow --json" -- "$word") ;;
		add) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
		route) mapfile -t COMPREPLY < <(compgen -W "add set remove" -- "$word") ;;
		flow) mapfile -t COMPREPLY < <(compgen -W "add remove" -- "$word") ;;
		conference) mapfile -t COMPREPLY < <(compgen -W "add change remove end" -- "$word") ;;
		session) mapfile -t COMPREPLY < <(compgen -W "add remove route show start stop" -- "$word") ;;
		peer) mapfile -t COMPREPLY < <(compgen -W "add change remove" -- "$word") ;;
		"recode "*" "*) mapfile -t COMPREPLY < <(compgen -W "always lossy never off" -- "$word") ;;
		forward) mapfile -t COMPREPLY < <(compgen -W "add remove" -- "$word") ;;
		esac
	fi
}
complete -F _ferryctl ferryctl
