using System.Runtime.InteropServices;
using Ledger.Crypto;
using Microsoft.Win32.SafeHandles;

namespace Ledger.Cli.Submit;

/// <summary>
/// Appends that are on the disk when <see cref="Sync"/> returns. It calls fsync itself, because the
/// framework's own flush does not report a failed one on Linux.
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
            DurableFile.SyncFolder(Path.GetDirectoryName(Path.GetFullPath(path))!);
        }
    }

    public void Write(ReadOnlySpan<byte> bytes) => _file.Write(bytes);

    public void Sync()
    {
        _file.Flush();
        if (Fsync(_file.SafeFileHandle) != 0)
        {
            throw new IOException(
                $"{_path} could not be synced to disk: {Marshal.GetLastPInvokeErrorMessage()}");
        }
    }

    public void Dispose() => _file.Dispose();

    [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Fsync(SafeFileHandle descriptor);
}
