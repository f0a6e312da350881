namespace NSec.Cryptography;

/// <summary>What is decided about a key when it is made.</summary>
public struct KeyCreationParameters
{
    public KeyExportPolicies ExportPolicy { get; set; }
}
