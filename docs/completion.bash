# SPDX-License-Identifier: GPL-3.0-or-later
# bash completion for vgauge. What there is to complete, the program says itself (`vgauge list`).
# shellcheck shell=bash

_vgauge_column() { # KIND COLUMN: of a listing, without its heading
    vgauge list "$1" 2>/dev/null | awk -F '  +' -v column="$2" 'NR > 1 { print $column }'
}

_vgauge() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} command words
    [ "$cur" = '=' ] && cur=
    [ "$prev" = '=' ] && prev=${COMP_WORDS[COMP_CWORD - 2]}
    command=${COMP_WORDS[1]}
    if [ "$COMP_CWORD" = 1 ]; then
        words=$(_vgauge_column commands 1 | cut -d ' ' -f 1)
    elif [ "$COMP_CWORD" = 2 ] && _vgauge_column commands 1 | grep -q "^$command "; then
        words=$(_vgauge_column commands 1 | sed -n "s/^$command //p")
    else
        case $prev in
        --plan) words=$(_vgauge_column plans 1) ;;
        --host | --a | --b) words=$(_vgauge_column hosts 1) ;;
        --test) words=$(_vgauge_column tests 1) ;;
        --mechanism) words=$(_vgauge_column mechanisms 1) ;;
        --fleet) words=$(_vgauge_column fleets 1) ;;
        *)
            case $command in
            list) words=$(vgauge list 2>/dev/null | awk 'NR > 1 { print $1 }') ;;
            describe) words=$(for kind in tests requirements workloads probes plans hosts; do _vgauge_column $kind 1; done) ;;
            esac
            if [[ $cur == -* ]]; then
                words=$(vgauge list commands 2>/dev/null | awk -F '  +' -v name="$command" -v verb="$command ${COMP_WORDS[2]:-}" \
                        '$1 == name || $1 == verb { print $3 }')
            fi
            ;;
        esac
    fi
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
    [[ ${COMPREPLY[0]:-} == *= ]] && compopt -o nospace
    return 0
}
complete -o default -F _vgauge vgauge
