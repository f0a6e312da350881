using Ledger.Cli.Shell;
using Ledger.Crypto;

namespace Ledger.Cli.Keys;

/// <summary>
/// Key files as the command line sees them: a passphrase is asked for only when one is needed.
/// </summary>
internal static class KeyFiles
{
    public static void Create(string path, SigningKey key, string? passphrase)
        => Explained(() =>
        {
            KeyFile.Create(path, key, passphrase);
            return true;
        });

    public static void Replace(string path, SigningKey key, string? passphrase)
        => Explained(() =>
        {
            KeyFile.Replace(path, key, passphrase);
            return true;
        });

    public static (PublicKey PublicKey, bool IsEncrypted) Describe(string path)
        => Explained(() => KeyFile.Describe(path));

    /// <param name="path">The file.</param>
    /// <param name="passphrase">Asked for only when the file is sealed.</param>
    public static SigningKey Load(string path, Func<string> passphrase)
        => Explained(() => KeyFile.Load(path, KeyFile.Describe(path).IsSealed ? passphrase() : null));

    private static T Explained<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (KeyFileException exception)
        {
            // Its words are "what: how to mend it".
            var colon = exception.Message.LastIndexOf(": ", StringComparison.Ordinal);
            throw colon < 0
                ? new CliException(exception.Message, "check the file and the passphrase")
                : new CliException(exception.Message[..colon], exception.Message[(colon + 2)..]);
        }
    }
}
