using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Cli.Submit;

/// <summary>
/// One line of a file of operations: a JSON object whose <c>op</c> names the operation. Strict, so that a
/// misspelt field is a bad line and not a silent default.
/// </summary>
internal static class OperationLine
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        NumberHandling = JsonNumberHandling.Strict,
    };

    /// <returns>The operation, or in words what is wrong with the line.</returns>
    public static (Operation? Operation, string? Fault) Parse(ReadOnlySpan<byte> line)
    {
        try
        {
            var fields = JsonSerializer.Deserialize<Fields>(line, Json);
            return fields is null ? (null, "it is no JSON object") : (Build(fields), null);
        }
        catch (JsonException exception)
        {
            return (null, exception.Path is { Length: > 1 } path
                ? $"{path[2..]} is not a field of an operation, or has a wrong type"
                : "it is not JSON");
        }
        catch (FieldException exception)
        {
            return (null, exception.Message);
        }
    }

    private static Operation Build(Fields fields) => fields.Op switch
    {
        "put" => new Operation.Put(
            Text(fields.Namespace, "namespace"), Text(fields.Key, "key"), ValueOf(fields),
            fields.ExpectedVersion),
        "delete" => new Operation.Delete(
            Text(fields.Namespace, "namespace"), Text(fields.Key, "key"), fields.ExpectedVersion),
        "define-asset" => new Operation.DefineAsset(Text(fields.Asset, "asset"), fields.Decimals ?? 0),
        "issue" => new Operation.Issue(
            Text(fields.Asset, "asset"), Account(fields.To, "to"), AmountOf(fields)),
        "transfer" => new Operation.Transfer(
            Text(fields.Asset, "asset"), Account(fields.To, "to"), AmountOf(fields)),
        "burn" => new Operation.Burn(Text(fields.Asset, "asset"), AmountOf(fields)),
        "grant" => new Operation.Grant(
            Account(fields.Account, "account"), RoleOf(fields), fields.Namespace ?? ""),
        "revoke" => new Operation.Revoke(
            Account(fields.Account, "account"), RoleOf(fields), fields.Namespace ?? ""),
        null => throw new FieldException("op is missing"),
        var other => throw new FieldException($"op '{other}' is no operation"),
    };

    private static ReadOnlyMemory<byte> ValueOf(Fields fields) => fields switch
    {
        { Value: { } text, ValueBase64: null } => Encoding.UTF8.GetBytes(text),
        { Value: null, ValueBase64: { } bytes } => bytes,
        { Value: null, ValueBase64: null } => throw new FieldException("value or valueBase64 is missing"),
        _ => throw new FieldException("value and valueBase64 exclude each other"),
    };

    private static Role RoleOf(Fields fields) => Text(fields.Role, "role") switch
    {
        "admin" => Role.Admin,
        "issuer" => Role.Issuer,
        "writer" => Role.Writer,
        "reader" => Role.Reader,
        _ => throw new FieldException("role is not admin, issuer, writer or reader"),
    };

    private static Amount AmountOf(Fields fields)
        => new(fields.Amount ?? throw new FieldException("amount is missing"));

    private static string Text(string? value, string name)
        => value ?? throw new FieldException($"{name} is missing");

    private static PublicKey Account(string? value, string name)
        => PublicKey.TryParse(Text(value, name), out var key)
            ? key
            : throw new FieldException($"{name} is not an address of 64 hexadecimal digits");

    private sealed record Fields(
        string? Op, string? Namespace, string? Key, string? Value, byte[]? ValueBase64,
        ulong? ExpectedVersion,
        string? Asset, byte? Decimals, string? To, ulong? Amount, string? Account, string? Role);

    private sealed class FieldException(string message) : Exception(message);
}
