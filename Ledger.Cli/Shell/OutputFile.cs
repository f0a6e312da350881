using Ledger.Crypto;

namespace Ledger.Cli.Shell;

/// <summary>
/// A file that a command leaves behind: all of it, or what was there before, if that was a file. A full disk
/// must not turn somebody's only receipt into half of one.
/// </summary>
internal static class OutputFile
{
    private const UnixFileMode Permissions
        = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    public static void Write(string path, byte[] bytes)
    {
        // A link stays a link, wherever it leads. What is there and holds nothing may be a pipe or a device,
        // which nobody may put a file in the place of; and there is nothing in it to lose.
        FileInfo present = new(path);
        if (present.LinkTarget is not null || (present.Exists && present.Length == 0))
        {
            File.WriteAllBytes(path, bytes);
            return;
        }

        DurableFile.Write(path, bytes, Permissions, replace: true);
    }
}
