using System.CommandLine;
using Ledger.Cli.Shell;

namespace Ledger.Cli.Commands;

/// <summary>
/// <c>ledger completion</c>: a script for a shell, which asks this tool through its suggest directive.
/// </summary>
internal static class CompletionCommand
{
    private const string Bash = """
        _ledger() {
            local IFS=$'\n'
            COMPREPLY=($(compgen -W "$(ledger "[suggest:${COMP_POINT}]" "${COMP_LINE}" 2>/dev/null)" \
                -- "${COMP_WORDS[COMP_CWORD]}"))
        }
        complete -o default -F _ledger ledger ./ledger
        """;

    private const string Zsh = """
        #compdef ledger
        _ledger() {
            local -a found
            found=("${(@f)$(ledger "[suggest:${CURSOR}]" "${BUFFER}" 2>/dev/null)}")
            compadd -a found
        }
        compdef _ledger ledger
        """;

    private const string Fish = """
        complete -c ledger -f -a '(ledger "[suggest:"(commandline -C)"]" (commandline -cp) 2>/dev/null)'
        """;

    public static Command Build(Terminal terminal)
    {
        Argument<string> shell = new("shell") { Description = "bash, zsh or fish" };
        shell.AcceptOnlyFromAmong("bash", "zsh", "fish");
        ExampleCommand command = new(
            "completion", "Print a completion script for your shell", "source <(ledger completion bash)");
        command.Add(shell);
        command.SetAction(parsed =>
        {
            terminal.Line(parsed.GetRequiredValue(shell) switch
            {
                "bash" => Bash,
                "zsh" => Zsh,
                _ => Fish,
            });
            return ExitCode.Done;
        });
        return command;
    }
}
