namespace NSec.Cryptography;

/// <summary>The cost of one Argon2id derivation; <see cref="MemorySize"/> is in KiB.</summary>
public struct Argon2Parameters
{
    public int DegreeOfParallelism { get; set; }

    public long MemorySize { get; set; }

    public long NumberOfPasses { get; set; }
}
