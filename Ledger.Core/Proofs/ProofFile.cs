using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using MessagePack;

namespace Ledger.Core;

/// <summary>
/// Proofs as files: a JSON form for people and a MessagePack twin, each readable into the other.
/// </summary>
public static class ProofFile
{
    /// <summary>No proof is longer; what would be is refused where it would be made.</summary>
    public const int BytesMax = 64 * 1024 * 1024;

    /// <summary>Headers in one proof.</summary>
    public const int HeadersMax = 10_000;

    public static byte[] EncodeJson(Proof proof)
    {
        using JsonFieldWriter writer = new();
        ProofLayout.Write(writer, proof);
        return writer.ToArray();
    }

    public static byte[] EncodeMessagePack(Proof proof)
    {
        MessagePackFieldWriter writer = new();
        ProofLayout.Write(writer, proof);
        return writer.ToArray();
    }

    /// <summary>Reads either form; says in words what is wrong with what is neither.</summary>
    /// <returns>False on bad input; never throws on it.</returns>
    public static bool TryDecode(
        ReadOnlyMemory<byte> file, [MaybeNullWhen(false)] out Proof proof,
        [NotNullWhen(false)] out string? fault)
    {
        proof = null;
        if (file.Length is 0 or > BytesMax)
        {
            fault = file.IsEmpty ? "it is empty" : $"it is longer than {BytesMax} bytes";
            return false;
        }

        try
        {
            proof = IsJson(file.Span) ? DecodeJson(file) : DecodeMessagePack(file);
            fault = null;
            return true;
        }
        catch (MalformedException malformed)
        {
            fault = malformed.Message;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            fault = $"it is not JSON of the expected shape ({exception.Message})";
        }
        catch (Exception exception) when (exception is MessagePackSerializationException
            or EndOfStreamException or OverflowException)
        {
            fault = "it is not MessagePack of the expected shape";
        }

        return false;
    }

    private static bool IsJson(ReadOnlySpan<byte> file)
        => file[0] is (byte)'{' or (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t';

    private static Proof DecodeJson(ReadOnlyMemory<byte> file)
    {
        JsonFieldReader reader = new(file);
        var proof = ProofLayout.Read(reader);
        reader.MustEnd();
        return proof;
    }

    private static Proof DecodeMessagePack(ReadOnlyMemory<byte> file)
    {
        MessagePackFieldReader reader = new(file);
        var proof = ProofLayout.Read(reader);
        if (!reader.IsAtEnd)
        {
            throw new MalformedException("bytes follow the proof");
        }

        return EncodeMessagePack(proof).AsSpan().SequenceEqual(file.Span)
            ? proof
            : throw new MalformedException("it is not the canonical encoding of its values");
    }
}
