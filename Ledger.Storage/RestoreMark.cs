using System.Text;
using Ledger.Crypto;

namespace Ledger.Storage;

/// <summary>
/// A file in a data folder, from before the first byte is restored until after the last: a node refuses to
/// start on half of a ledger, and says how to go on.
/// </summary>
public static class RestoreMark
{
    private const UnixFileMode Permissions
        = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <param name="root">The data folder.</param>
    /// <param name="what">What is restored, in words, such as "snapshot a.snapshot".</param>
    /// <exception cref="DataFolderException">The disk is full, or does not let us.</exception>
    public static void Set(string root, string what)
    {
        try
        {
            DurableFile.Write(PathIn(root), Encoding.UTF8.GetBytes(what + "\n"), Permissions, replace: true);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw DataFolder.Unusable(root, failure);
        }
    }

    /// <returns>What is being restored here, or null.</returns>
    public static string? In(string root)
        => File.Exists(PathIn(root)) ? File.ReadAllText(PathIn(root)).Trim() : null;

    public static void Clear(string root)
    {
        File.Delete(PathIn(root));
        DurableFile.SyncFolder(root);
    }

    /// <exception cref="DataFolderException">A restore into this folder was not finished.</exception>
    public static void MustNotBeIn(string root)
    {
        if (In(root) is { } what)
        {
            throw new DataFolderException(
                $"The data folder {root} holds a restore that was not finished ({what}); "
                + "run the same restore again, which finishes it, or start from an empty folder");
        }
    }

    private static string PathIn(string root) => Path.Combine(root, DataFolder.UnfinishedName);
}
