namespace Ledger.Cli.Network;

/// <summary>Files that only their owner may read, from their first byte on.</summary>
internal static class PrivateFile
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Fails when the file exists: a key is never overwritten.</summary>
    public static void Create(string path, string content)
    {
        using FileStream stream = new(path, Options(FileMode.CreateNew));
        using StreamWriter writer = new(stream);
        writer.Write(content);
    }

    /// <summary>Writes a new file beside the old one and puts it in its place: a crash leaves one or the other.</summary>
    public static void Replace(string path, string content)
    {
        var fresh = $"{path}.new";
        File.Delete(fresh);
        Create(fresh, content);
        File.Move(fresh, path, overwrite: true);
    }

    public static bool IsOpenToOthers(string path)
        => (File.GetUnixFileMode(path) & ~(OwnerOnly | UnixFileMode.UserExecute)) != UnixFileMode.None;

    private static FileStreamOptions Options(FileMode mode) => new()
    {
        Mode = mode,
        Access = FileAccess.Write,
        UnixCreateMode = OwnerOnly,
    };
}
