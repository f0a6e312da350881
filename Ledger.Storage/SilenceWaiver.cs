using Ledger.Crypto;

namespace Ledger.Storage;

/// <summary>
/// An operator's word, put beside a restored ledger: this validator's key has signed nothing since what was
/// restored. Used up once the ledger knows the journal that is made next. A wrong word lets the validator
/// vote twice.
/// </summary>
public static class SilenceWaiver
{
    private const string Name = "nothing-signed-since";

    private const UnixFileMode Permissions
        = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    public static void Give(string root)
        => DurableFile.Write(
            Path.Combine(root, Name), "vouched for by the operator\n"u8, Permissions, replace: true);

    internal static bool IsIn(string root) => File.Exists(Path.Combine(root, Name));

    /// <summary>
    /// Durably: the word must not come back after a loss of power, beside a journal that it was not given
    /// for.
    /// </summary>
    internal static void Use(string root)
    {
        if (IsIn(root))
        {
            File.Delete(Path.Combine(root, Name));
            DurableFile.SyncFolder(root);
        }
    }
}
