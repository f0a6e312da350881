using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Ledger.Cli.Submit;

/// <summary>
/// Appends that are on the disk when <see cref="Sync"/> returns. It calls fsync itself, because the framework's own
/// flush does not report a failed one on Linux.
/// </summary>
internal sealed class DurableAppend : IDisposable
{
    private readonly FileStream _file;
    private readonly string _path;

    public DurableAppend(string path)
    {
        _path = path;
        var isNew = !File.Exists(path);
        _file = new(path, FileMode.Append, FileAccess.Write, FileShare.None);
        if (isNew)
        {
            SyncFolderOf(path);
        }
    }

    public void Write(ReadOnlySpan<byte> bytes) => _file.Write(bytes);

    public void Sync()
    {
        _file.Flush();
        Check(Fsync(_file.SafeFileHandle), _path);
    }

    public void Dispose() => _file.Dispose();

    /// <summary>A new file is lost with its name, unless its folder is synced as well.</summary>
    private static void SyncFolderOf(string path)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        var descriptor = Open(folder, flags: 0);
        using SafeFileHandle handle = new(descriptor, ownsHandle: true);
        Check(descriptor < 0 ? -1 : Fsync(handle), folder);
    }

    private static void Check(int result, string path)
    {
        if (result != 0)
        {
            throw new IOException($"{path} could not be synced to disk: {Marshal.GetLastPInvokeErrorMessage()}");
        }
    }

    [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Fsync(SafeFileHandle descriptor);

    [DllImport("libc", EntryPoint = "open", SetLastError = true, CharSet = CharSet.Ansi, BestFitMapping = false)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);
}
