using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace NSec.Cryptography.Native;

/// <summary>
/// Secret bytes in libsodium's guarded memory: outside the garbage collector's reach, locked into memory
/// where the system allows it, and zeroed when the last user lets go.
/// </summary>
internal sealed class SecureMemoryHandle : SafeHandle
{
    private readonly int _length;

    private SecureMemoryHandle(int length)
        : base(0, ownsHandle: true)
    {
        _length = length;
        SetHandle(Libsodium.sodium_malloc((nuint)length));
        if (IsInvalid)
        {
            throw new CryptographicException("libsodium could not allocate guarded memory for a key.");
        }
    }

    public override bool IsInvalid => handle == 0;

    public static SecureMemoryHandle Allocate(int length) => new(length);

    public static SecureMemoryHandle CopyOf(ReadOnlySpan<byte> secret)
    {
        var copy = new SecureMemoryHandle(secret.Length);
        unsafe
        {
            secret.CopyTo(new Span<byte>((void*)copy.handle, copy._length));
        }

        copy.Seal();
        return copy;
    }

    /// <summary>From here on a write is a fault: nothing changes a key once it is made.</summary>
    public void Seal() => _ = Libsodium.sodium_mprotect_readonly(handle);

    /// <summary>Copies the first bytes out, as many as the destination takes.</summary>
    public void CopyTo(Span<byte> destination)
    {
        var added = false;
        try
        {
            DangerousAddRef(ref added);
            unsafe
            {
                new ReadOnlySpan<byte>((void*)handle, _length)[..destination.Length].CopyTo(destination);
            }
        }
        finally
        {
            if (added)
            {
                DangerousRelease();
            }
        }
    }

    protected override bool ReleaseHandle()
    {
        Libsodium.sodium_free(handle);
        return true;
    }
}
