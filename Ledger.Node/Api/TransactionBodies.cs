using System.Text.Json;
using System.Text.Json.Serialization;
using Ledger.Core;
using Ledger.Crypto;
using MessagePack;

namespace Ledger.Node.Api;

/// <summary>Request bodies of transactions, in both encodings, as canonical bytes.</summary>
internal static class TransactionBodies
{
    public const string MessagePackType = "application/vnd.msgpack";

    /// <summary>Transactions in one request.</summary>
    public const int Max = 2000;

    /// <summary>Strict: what one reader would take for something else than another is refused.</summary>
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        AllowDuplicateProperties = false,
        PropertyNameCaseInsensitive = false,
        NumberHandling = JsonNumberHandling.Strict,
    };

    /// <summary>One canonical transaction, or an array of byte strings that each hold one.</summary>
    /// <returns>The transactions and whether they came as an array; a null list when the body is
    /// malformed.</returns>
    public static (IReadOnlyList<ReadOnlyMemory<byte>>? Encoded, bool IsArray, string Fault) ReadMessagePack(
        ReadOnlyMemory<byte> body)
    {
        // A transaction is a pair whose first item is an array; a byte string cannot begin like one.
        if (body.Span is [0x92, var first, ..] && (first & 0xf0) == 0x90)
        {
            return ([Own(body)], false, "");
        }

        try
        {
            var reader = new MessagePackReader(body);
            var encoded = new ReadOnlyMemory<byte>[Fields.ReadCount(ref reader, Max, "transactions")];
            for (var i = 0; i < encoded.Length; i++)
            {
                var bytes = reader.ReadBytes() ?? throw new MalformedException($"transaction {i} is missing");
                encoded[i] = Own(bytes.First);
            }

            return reader.End && encoded.Length > 0
                ? (encoded, true, "")
                : (null, true, "an array of at least one byte string is expected, and nothing after it");
        }
        catch (MalformedException malformed)
        {
            return (null, true, malformed.Message);
        }
        catch (Exception exception) when (exception is MessagePackSerializationException
            or EndOfStreamException or OverflowException or InvalidOperationException)
        {
            return (null, true, "not a transaction, nor an array of byte strings");
        }
    }

    public static (IReadOnlyList<ReadOnlyMemory<byte>>? Encoded, bool IsArray, string Fault) ReadJson(
        ReadOnlyMemory<byte> body)
    {
        try
        {
            using var document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = 8 });
            if (document.RootElement.ValueKind != JsonValueKind.Array)
            {
                return ([Encode(document.RootElement)], false, "");
            }

            var count = document.RootElement.GetArrayLength();
            return count is > 0 and <= Max
                ? ([.. document.RootElement.EnumerateArray().Select(Encode)], true, "")
                : (null, true, $"1 to {Max} transactions are expected, these are {count}");
        }
        catch (JsonException exception)
        {
            return (null, true, WordsFor(exception));
        }
        catch (Exception exception) when (exception is MalformedException or FormatException)
        {
            return (null, true, exception.Message);
        }
    }

    /// <summary>
    /// The mempool counts a transaction's own bytes: a slice would keep the whole body that it came in, all
    /// that was refused of it too. One byte too many is as much too large as all of them.
    /// </summary>
    private static ReadOnlyMemory<byte> Own(ReadOnlyMemory<byte> slice)
        => slice[..Math.Min(slice.Length, Limits.TransactionBytes + 1)].ToArray();

    /// <summary>
    /// Where, and in our own words: the parser's speak of types that are no business of a client.
    /// </summary>
    private static string WordsFor(JsonException exception) => exception.Path is { Length: > 0 } path
        ? $"{path}: not a field that belongs there, given twice, or not of its type"
        : $"not JSON, from line {exception.LineNumber + 1}, byte {exception.BytePositionInLine + 1} on";

    private static ReadOnlyMemory<byte> Encode(JsonElement element)
    {
        MustBeOfBoundedLists(element);
        var request = element.Deserialize<TransactionRequest>(Json)
            ?? throw new MalformedException("a transaction is null");
        if (!Signature.TryParse(request.Signature, out var signature))
        {
            throw new MalformedException("signature: 128 hexadecimal digits");
        }

        return Transaction.EncodeSigned(
            new(
                request.ChainId
                ?? throw Missing("chainId"), Key(request.Sender, "sender"), new(request.ValidUntil),
                request.Nonce, [.. (request.Operations ?? throw Missing("operations")).Select(Operation)]),
            signature);
    }

    /// <summary>
    /// Before objects are made of it: a few bytes of JSON become an operation of many fields, and a body
    /// holds millions.
    /// </summary>
    private static void MustBeOfBoundedLists(JsonElement element)
    {
        if (element.ValueKind == JsonValueKind.Object && element.EnumerateObject().Any(
            member => member.Value.ValueKind == JsonValueKind.Array
                && member.Value.GetArrayLength() > Limits.TransactionOperations))
        {
            throw new MalformedException($"operations: at most {Limits.TransactionOperations}");
        }
    }

    /// <exception cref="MalformedException">It is none.</exception>
    public static Operation OperationIn(OperationRequest? o) => Operation(o);

    private static Operation Operation(OperationRequest? o) => o?.Type switch
    {
        null => throw Missing("type"),
        "put" => new Operation.Put(
            Need(o.Namespace, "namespace"), Need(o.Key, "key"), Base64(Need(o.Value, "value"), "value"),
            o.ExpectedVersion),
        "delete"
            => new Operation.Delete(Need(o.Namespace, "namespace"), Need(o.Key, "key"), o.ExpectedVersion),
        "define-asset"
            => new Operation.DefineAsset(Need(o.Asset, "asset"), o.Decimals ?? throw Missing("decimals")),
        "issue" => new Operation.Issue(Need(o.Asset, "asset"), Key(o.To, "to"), Amount(o)),
        "transfer" => new Operation.Transfer(Need(o.Asset, "asset"), Key(o.To, "to"), Amount(o)),
        "burn" => new Operation.Burn(Need(o.Asset, "asset"), Amount(o)),
        "grant" => new Operation.Grant(Key(o.Account, "account"), RoleOf(o), o.Namespace ?? ""),
        "revoke" => new Operation.Revoke(Key(o.Account, "account"), RoleOf(o), o.Namespace ?? ""),
        "add-validator" => new Operation.AddValidator(
            Need(o.Name, "name"), Key(o.PublicKey, "publicKey"), Need(o.Address, "address"), o.Witness
            ?? false),
        "promote-validator" => new Operation.PromoteValidator(Key(o.PublicKey, "publicKey")),
        "remove-validator" => new Operation.RemoveValidator(Key(o.PublicKey, "publicKey")),
        _ => throw new MalformedException($"type: '{o.Type}' is no operation"),
    };

    private static Amount Amount(OperationRequest o) => new(o.Amount ?? throw Missing("amount"));

    private static Role RoleOf(OperationRequest o)
        => Enum.TryParse<Role>(o.Role, ignoreCase: true, out var role) && Enum.IsDefined(role)
            ? role
            : throw new MalformedException("role: admin, issuer, writer or reader");

    private static PublicKey Key(string? text, string what)
        => PublicKey.TryParse(text, out var key)
        ? key : throw new MalformedException($"{what}: 64 hexadecimal digits");

    /// <summary>
    /// As its one form has it: no blanks, and nothing in the last digit that is no part of the bytes.
    /// </summary>
    private static byte[] Base64(string text, string what)
    {
        var bytes = new byte[text.Length];
        return Convert.TryFromBase64String(text, bytes, out var length)
            && Convert.ToBase64String(bytes.AsSpan(0, length)) == text
                ? bytes[..length]
                : throw new MalformedException($"{what}: base64, with its padding and without blanks");
    }

    private static string Need(string? text, string what) => text ?? throw Missing(what);

    private static MalformedException Missing(string what) => new($"{what}: must be given");
}
