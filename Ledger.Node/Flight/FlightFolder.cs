using System.Globalization;

namespace Ledger.Node.Flight;

/// <summary>
/// The recordings of a node, numbered, the oldest dropped for the newest: never more bytes than allowed, and
/// never more files than a person cares to look through.
/// </summary>
public sealed class FlightFolder(string dataFolder, long bytesMax)
{
    public const string Name = "flight";

    private const string Suffix = ".rec";

    /// <summary>A node that dies and restarts again and again leaves short ones.</summary>
    private const int FilesMax = 16;

    private readonly string _path = Path.Combine(dataFolder, Name);

    /// <summary>The recordings in a data folder, oldest first.</summary>
    public static IReadOnlyList<string> In(string dataFolder)
    {
        var path = Path.Combine(dataFolder, Name);
        return !Directory.Exists(path)
            ? []
            : [.. Directory.GetFiles(path, "*" + Suffix).Where(file => NumberOf(file) > 0).OrderBy(NumberOf)];
    }

    /// <summary>
    /// A file for the next recording, of at most <paramref name="bytes"/>; makes room for it first.
    /// </summary>
    public FileStream Next(long bytes)
    {
        Directory.CreateDirectory(_path);
        var files = In(dataFolder).Select(file => new FileInfo(file)).ToList();
        var number = files.Count == 0 ? 1 : NumberOf(files[^1].FullName) + 1;
        var held = files.Sum(file => file.Length);
        foreach (var oldest in files.ToArray())
        {
            if (held + bytes <= bytesMax && files.Count < FilesMax)
            {
                break;
            }

            held -= oldest.Length;
            oldest.Delete();
            files.Remove(oldest);
        }

        var name = string.Create(CultureInfo.InvariantCulture, $"{number:D8}{Suffix}");
        return new(Path.Combine(_path, name), new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            Share = FileShare.Read,
            BufferSize = 64 * 1024,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
    }

    /// <summary>0 when the name is none of ours.</summary>
    private static int NumberOf(string file)
        => int.TryParse(
            Path.GetFileNameWithoutExtension(file), NumberStyles.None, CultureInfo.InvariantCulture,
            out var number)
            ? number
            : 0;
}
