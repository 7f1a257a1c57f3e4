/** What a shell reads. They ask `switchyard completion words`, so that they never grow old. */
export const shells = {
  bash: {
    summary: 'completion for bash',
    script: String.raw`_switchyard() {
  local line
  COMPREPLY=()
  while IFS=$'\t' read -r line _; do
    # Bash cuts words at = and :, and wants only what comes after the cut.
    case $line in
      --*=*) line=${'$'}{line#*=} ;;
    esac
    COMPREPLY+=("$line")
  done < <("$1" completion words -- "${'$'}{COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o bashdefault -o default -F _switchyard switchyard`,
  },
  zsh: {
    summary: 'completion for zsh',
    script: String.raw`#compdef switchyard
_switchyard() {
  local -a found
  local value text
  while IFS=$'\t' read -r value text; do
    found+=("${'$'}{value//:/\\:}:$text")
  done < <("${'$'}{words[1]}" completion words -- "${'$'}{(@)words[2,CURRENT]}" 2>/dev/null)
  if (( ${'$'}#found )); then
    _describe switchyard found
  else
    _files
  fi
}
compdef _switchyard switchyard`,
  },
  fish: {
    summary: 'completion for fish',
    script: `function __switchyard_words
  set -l words (commandline -opc)
  $words[1] completion words -- $words[2..-1] (commandline -ct) 2>/dev/null
end
complete -c switchyard -a '(__switchyard_words)'`,
  },
} as const;
