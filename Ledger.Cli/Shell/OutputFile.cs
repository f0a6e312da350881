using Ledger.Crypto;

namespace Ledger.Cli.Shell;

/// <summary>
/// A file that a command leaves behind: all of it, or what was there before. A full disk must not turn
/// somebody's only receipt into half of one.
/// </summary>
internal static class OutputFile
{
    private const UnixFileMode Permissions
        = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    public static void Write(string path, byte[] bytes)
    {
        // A link stays a link. What is there and holds nothing may be a pipe or a device, which nobody may
        // put a file in the place of; and there is nothing in it to lose.
        var target = File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path;
        if (File.Exists(target) && new FileInfo(target).Length == 0)
        {
            File.WriteAllBytes(target, bytes);
            return;
        }

        DurableFile.Write(target, bytes, Permissions, replace: true);
    }
}
