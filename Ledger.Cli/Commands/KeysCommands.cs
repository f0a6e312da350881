using System.CommandLine;
using Ledger.Cli.Keys;
using Ledger.Cli.Shell;
using Ledger.Crypto;

namespace Ledger.Cli.Commands;

/// <summary><c>ledger keys</c>: make, look at, seal and open key files.</summary>
internal static class KeysCommands
{
    public static Command Build(Terminal terminal)
    {
        ExampleCommand keys = new(
            "keys", "Make, show, encrypt and decrypt key files", "ledger keys new --out alice.key.json");
        keys.Add(New(terminal));
        keys.Add(Show(terminal));
        keys.Add(Seal(terminal));
        keys.Add(Open(terminal));
        return keys;
    }

    private static ExampleCommand New(Terminal terminal)
    {
        Option<string> output =
            new("--out") { Description = "The file to write", Required = true, HelpName = "FILE" };
        Option<bool> encrypt =
            new("--encrypt") { Description = "Seal it with a passphrase [LEDGER_PASSPHRASE]" };
        ExampleCommand command = new(
            "new", "Make a key and write it to a file that only you can read",
            "ledger keys new --out alice.key.json", "ledger keys new --out alice.key.json --encrypt");
        command.Add(output);
        command.Add(encrypt);
        command.SetAction(parsed =>
        {
            var path = parsed.GetRequiredValue(output);
            var passphrase = parsed.GetValue(encrypt) ? Passphrase.AskTwice(terminal) : null;
            using var key = SigningKey.Generate();
            KeyFiles.Create(path, key, passphrase);
            Print(terminal, parsed, path, key.PublicKey, passphrase is not null);
            return ExitCode.Done;
        });
        return command;
    }

    private static ExampleCommand Show(Terminal terminal)
    {
        var file = FileArgument();
        ExampleCommand command = new(
            "show", "Show a key file's address; the secret stays in it", "ledger keys show alice.key.json");
        command.Add(file);
        command.SetAction(parsed =>
        {
            var path = parsed.GetRequiredValue(file);
            var (publicKey, isEncrypted) = KeyFiles.Describe(path);
            Print(terminal, parsed, path, publicKey, isEncrypted);
            return ExitCode.Done;
        });
        return command;
    }

    private static ExampleCommand Seal(Terminal terminal)
    {
        var file = FileArgument();
        ExampleCommand command = new(
            "encrypt", "Seal a key file with a passphrase, or change the passphrase [LEDGER_PASSPHRASE]",
            "ledger keys encrypt alice.key.json");
        command.Add(file);
        command.SetAction(parsed =>
        {
            var path = parsed.GetRequiredValue(file);
            using var key = KeyFiles.Load(path, () => Passphrase.Ask(terminal, "Present passphrase"));
            KeyFiles.Replace(path, key, Passphrase.AskTwice(terminal));
            Print(terminal, parsed, path, key.PublicKey, isEncrypted: true);
            return ExitCode.Done;
        });
        return command;
    }

    private static ExampleCommand Open(Terminal terminal)
    {
        var file = FileArgument();
        ExampleCommand command = new(
            "decrypt", "Take the passphrase off a key file [LEDGER_PASSPHRASE]",
            "ledger keys decrypt alice.key.json");
        command.Add(file);
        command.SetAction(parsed =>
        {
            var path = parsed.GetRequiredValue(file);
            using var key = KeyFiles.Load(path, () => Passphrase.Ask(terminal, "Passphrase"));
            KeyFiles.Replace(path, key, passphrase: null);
            Print(terminal, parsed, path, key.PublicKey, isEncrypted: false);
            return ExitCode.Done;
        });
        return command;
    }

    private static Argument<string> FileArgument() => new("file") { Description = "The key file" };

    private static void Print(
        Terminal terminal, ParseResult parsed, string path, PublicKey publicKey, bool isEncrypted)
    {
        if (parsed.IsJson())
        {
            terminal.Json(new { File = path, Address = publicKey.ToString(), Encrypted = isEncrypted });
            return;
        }

        terminal.Line($"address    {publicKey}");
        terminal.Line($"file       {path}");
        terminal.Line($"encrypted  {(isEncrypted ? "yes" : "no")}");
    }
}
