namespace NSec.Cryptography;

/// <summary>Whether a secret key may ever leave its guarded memory.</summary>
[Flags]
public enum KeyExportPolicies
{
    None = 0,
    AllowPlaintextExport = 1,
    AllowPlaintextArchiving = 2,
}
