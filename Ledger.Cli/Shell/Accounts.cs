using Ledger.Cli.Keys;
using Ledger.Crypto;

namespace Ledger.Cli.Shell;

/// <summary>An account on a command line: its address, or a key file that holds it.</summary>
internal static class Accounts
{
    public static PublicKey Parse(string text)
        => Find(text) ?? throw new CliException(
            $"'{text}' is no account", "give an address of 64 hexadecimal digits, or a key file",
            ExitCode.Usage);

    /// <returns>Null when the text is neither.</returns>
    public static PublicKey? Find(string text)
        => PublicKey.TryParse(text, out var address) ? address
            : File.Exists(text) ? KeyFiles.Describe(text).PublicKey
            : null;
}
