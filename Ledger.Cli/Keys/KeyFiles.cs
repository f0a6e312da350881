using Ledger.Cli.Shell;
using Ledger.Crypto;

namespace Ledger.Cli.Keys;

/// <summary>Key files as commands use them: what is wrong with one is an error for the person who named it.</summary>
internal static class KeyFiles
{
    public static void Create(string path, SigningKey key, string? passphrase)
    {
        if (File.Exists(path))
        {
            throw new CliException($"{path} exists", "choose another name: a key is never overwritten");
        }

        InWords(() => KeyFile.Create(path, key, passphrase));
    }

    public static void Replace(string path, SigningKey key, string? passphrase)
        => InWords(() => KeyFile.Replace(path, key, passphrase));

    public static (PublicKey PublicKey, bool IsSealed) Describe(string path) => InWords(() => KeyFile.Describe(path));

    /// <param name="path">The file.</param>
    /// <param name="passphrase">Asked for only when the file is sealed.</param>
    public static SigningKey Load(string path, Func<string> passphrase)
        => InWords(() => KeyFile.Load(path, KeyFile.Describe(path).IsSealed ? passphrase() : null));

    private static void InWords(Action use) => InWords(() =>
    {
        use();
        return true;
    });

    private static T InWords<T>(Func<T> use)
    {
        try
        {
            return use();
        }
        catch (KeyFileException exception)
        {
            // Its message is "what: how to mend it", or only what.
            var parts = exception.Message.Split(": ", 2);
            throw new CliException(parts[0], parts.Length > 1 ? parts[1] : "try again, or name another key file");
        }
    }
}
