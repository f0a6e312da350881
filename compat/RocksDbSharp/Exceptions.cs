namespace RocksDbSharp;

public class RocksDbSharpException : Exception
{
    public RocksDbSharpException(string message)
        : base(message)
    {
    }

    public RocksDbSharpException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}

/// <summary>What librocksdb reported.</summary>
public class RocksDbException : RocksDbSharpException
{
    public RocksDbException(string message)
        : base(message)
    {
    }
}
