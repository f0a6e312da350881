using System.Text;
using Ledger.Cli.Shell;

namespace Ledger.Cli.Keys;

/// <summary>
/// Asks for a passphrase: LEDGER_PASSPHRASE for scripts, the keyboard without echo for people.
/// </summary>
internal static class Passphrase
{
    private const string Variable = "LEDGER_PASSPHRASE";

    public static string Ask(Terminal terminal, string prompt)
    {
        if (terminal.Variable(Variable) is { } given)
        {
            return given;
        }

        if (!terminal.IsInteractive || Console.IsInputRedirected)
        {
            throw new CliException("a passphrase is needed", $"set {Variable}, or run at a terminal");
        }

        terminal.Error.Write($"{prompt}: ");
        var text = ReadHidden();
        terminal.Error.WriteLine();
        return text;
    }

    public static string AskTwice(Terminal terminal)
    {
        var first = Ask(terminal, "New passphrase");
        if (first.Length == 0)
        {
            throw new CliException("the passphrase is empty", "choose one, or leave the key unencrypted");
        }

        return terminal.Variable(Variable) is not null || Ask(terminal, "The same again") == first
            ? first
            : throw new CliException("the two passphrases differ", "try again");
    }

    private static string ReadHidden()
    {
        StringBuilder text = new();
        while (Console.ReadKey(intercept: true) is { Key: not ConsoleKey.Enter } pressed)
        {
            if (pressed.Key == ConsoleKey.Backspace && text.Length > 0)
            {
                text.Length--;
            }
            else if (!char.IsControl(pressed.KeyChar))
            {
                text.Append(pressed.KeyChar);
            }
        }

        return text.ToString();
    }
}
