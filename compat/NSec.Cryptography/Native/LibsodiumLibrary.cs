using System.Reflection;
using System.Runtime.InteropServices;

namespace NSec.Cryptography.Native;

/// <summary>Finds the system's libsodium under the names its releases have had, and starts it once.</summary>
internal static class LibsodiumLibrary
{
    public const string Name = "libsodium";

    private static readonly string[] Candidates =
    [
        "libsodium.so.23", "libsodium.so.26", "libsodium.so", "libsodium.dylib", "libsodium.dll", "libsodium",
    ];

    // A Lazy, not a type initializer: a missing library must surface as itself, not as
    // TypeInitializationException.
    private static readonly Lazy<bool> Started = new(Start);

    /// <summary>Must have returned before any other call into libsodium; safe from any thread.</summary>
    public static void Initialize() => _ = Started.Value;

    private static bool Start()
    {
        NativeLibrary.SetDllImportResolver(typeof(LibsodiumLibrary).Assembly, Resolve);

        // 0 is the first start and 1 a later one: another library of the process may have been before us.
        return Libsodium.sodium_init() >= 0
            ? true
            : throw new InvalidOperationException("libsodium could not be initialized.");
    }

    private static nint Resolve(string libraryName, Assembly assembly, DllImportSearchPath? searchPath)
    {
        if (libraryName != Name)
        {
            return 0;
        }

        foreach (var candidate in Candidates)
        {
            if (NativeLibrary.TryLoad(candidate, assembly, searchPath, out var handle))
            {
                return handle;
            }
        }

        throw new DllNotFoundException(
            $"libsodium was not found (tried {string.Join(", ", Candidates)}). "
            + "On Debian and Ubuntu install the package libsodium23.");
    }
}
